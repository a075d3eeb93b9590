//! Departments, managed by owners and admins.

use axum::{
    extract::{Path, State},
    http::StatusCode,
    response::IntoResponse,
};
use causerie_shared::{
    api::settings::{Department, SaveDepartment},
    ids::DepartmentId,
    refusal::Code,
};

use crate::{
    access::may_manage,
    http::{auth::Signed, error::ApiError, json::Json},
    settings::departments,
    state::Shared,
    store::{
        Db,
        departments::{DepartmentRecord, all, get},
        places,
    },
};

/// `GET /api/departments`.
pub async fn list(State(app): State<Shared>, signed: Signed) -> Result<Json<Vec<Department>>, ApiError> {
    may_manage(&signed.user)?;
    let mut db = app.store.read().await?;
    let mut departments = vec![];
    for record in all(&mut db).await? {
        departments.push(shown(&mut db, record).await?);
    }
    Ok(Json(departments))
}

/// `POST /api/departments`.
pub async fn create(
    State(app): State<Shared>,
    signed: Signed,
    Json(body): Json<SaveDepartment>,
) -> Result<impl IntoResponse, ApiError> {
    let department = departments::create(&app, &signed.user, body).await?;
    Ok((StatusCode::CREATED, Json(present(&app, department).await?)))
}

/// `PUT /api/departments/{id}`.
pub async fn save(
    State(app): State<Shared>,
    signed: Signed,
    Path(department): Path<String>,
    Json(body): Json<SaveDepartment>,
) -> Result<Json<Department>, ApiError> {
    let department = parse(&department)?;
    departments::save(&app, &signed.user, department, body).await?;
    Ok(Json(present(&app, department).await?))
}

/// `DELETE /api/departments/{id}`.
pub async fn delete(
    State(app): State<Shared>,
    signed: Signed,
    Path(department): Path<String>,
) -> Result<StatusCode, ApiError> {
    departments::delete(&app, &signed.user, parse(&department)?).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn nothing() -> ApiError {
    ApiError::new(Code::NotFound, "there is no such department")
}

fn parse(department: &str) -> Result<DepartmentId, ApiError> {
    department.parse().map_err(|_| nothing())
}

async fn present(app: &Shared, department: DepartmentId) -> Result<Department, ApiError> {
    let mut db = app.store.read().await?;
    let record = get(&mut db, department).await?.ok_or_else(nothing)?;
    shown(&mut db, record).await
}

async fn shown(db: &mut Db, record: DepartmentRecord) -> Result<Department, ApiError> {
    let inbox = places::inbox(db, record.inbox).await?;
    let members = inbox.map(|inbox| inbox.members).unwrap_or_default();
    Ok(Department {
        id: record.id,
        version: record.version,
        name: record.name,
        inbox: record.inbox,
        members: members.into_iter().map(|member| member.user).collect(),
    })
}
